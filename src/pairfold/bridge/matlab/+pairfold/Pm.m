function K = Pm(X)
% PM  K = pairfold.Pm(X) makes a LazyTensor of the size 1 x 1 x D.
%   X is a number or a vector of D numbers, the same for all pairs.
%   Single arrays make single precision, except 1 x 1 ones.
%
%   Example
%     K = pairfold.Pm(0.5);
%     size(K)
%
%   See also pairfold.LazyTensor

K = pairfold.LazyTensor(X, 'p');

end
