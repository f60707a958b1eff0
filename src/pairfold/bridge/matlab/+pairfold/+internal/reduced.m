function varargout = reduced(F, method, dim, before, weight)
% REDUCED  A reduction by its method: arrays over i and j, a LazyTensor over the components.

if nargin < 5
  weight = [];
end
number = pairfold.internal.axis(dim);
if number < 0
  varargout{1} = pairfold.internal.operation(method, {F}, [before, {number}]);
else
  [varargout{1:max(1, nargout)}] = pairfold.internal.evaluate(F, method, before, dim, {'weight', weight});
end

end
