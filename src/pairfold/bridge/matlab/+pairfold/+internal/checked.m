function X = checked(X, kind)
% CHECKED  An array of numbers as pairfold takes it: single or double, a full matrix; errors say what else was given.

if islogical(X) || isinteger(X)
  X = double(X);
end
if isa(X, 'pairfold.LazyTensor') || ~isnumeric(X)
  error('pairfold:ArgumentTypeError', 'An array of numbers is needed; found %s.', class(X));
end
if issparse(X)
  X = full(X);
end
sizes = strrep(strtrim(sprintf('%d ', size(X))), ' ', ' x ');
if ndims(X) > 2 && kind ~= 'v'
  error('pairfold:DimensionError', ['The array has the size %s, and a matrix is needed, one point per row: ' ...
                                    'reshape(X, size(X, 1), []) makes one.'], sizes);
end
if kind == 'p' && (isempty(X) || ~isvector(X))
  error('pairfold:DimensionError', 'A parameter is a number or a vector; found an array of the size %s.', sizes);
end
if kind ~= 'v' && size(X, 2) == 0
  error('pairfold:DimensionError', ['The array has the size %s, and so no components: points are the rows of an ' ...
                                    'N x D matrix, D at least 1. No points at all are zeros(0, D).'], sizes);
end

end
