function K = Vi(X)
% VI  K = pairfold.Vi(X) makes a LazyTensor of the size N x 1 x D.
%   X is N x D, one point x_i per row.
%   Single arrays make single precision, except 1 x 1 ones.
%
%   Example
%     K = pairfold.Vi(rand(100, 3));
%     size(K)
%
%   See also pairfold.LazyTensor

K = pairfold.LazyTensor(X, 'i');

end
