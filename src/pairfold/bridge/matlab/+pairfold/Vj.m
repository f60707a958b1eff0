function K = Vj(X)
% VJ  K = pairfold.Vj(X) makes a LazyTensor of the size 1 x M x D.
%   X is M x D, one point y_j per row.
%   Single arrays make single precision, except 1 x 1 ones.
%
%   Example
%     K = pairfold.Vj(rand(200, 3));
%     size(K)
%
%   See also pairfold.LazyTensor

K = pairfold.LazyTensor(X, 'j');

end
