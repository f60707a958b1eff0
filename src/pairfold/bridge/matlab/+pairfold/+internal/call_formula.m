function varargout = call_formula(command, text, kinds, arrays)
% CALL_FORMULA  The results of a formula for arrays; KINDS are Vi, Vj, Pm, one per argument.

count = numel(arrays);
if count ~= numel(kinds)
  error('pairfold:ArgumentValueError', 'This function takes %d arguments (%s); found %d.', numel(kinds), ...
        strjoin(kinds, ', '), count);
end
is_single = false(1, count);
for k = 1:count
  if ~isfloat(arrays{k}) || issparse(arrays{k}) || ndims(arrays{k}) > 2 || isempty(arrays{k})
    arrays{k} = checked_argument(arrays{k}, kinds{k}, k);
  end
  is_single(k) = isa(arrays{k}, 'single') && (numel(arrays{k}) > 1 || count == 1);
end
if any(is_single)
  arrays = cellfun(@single, arrays, 'UniformOutput', false);
end
lines = cell(1, count);
for k = 1:count
  [type, bytes] = pairfold.internal.encoded(arrays{k});
  sizes = sprintf('%d,', size(arrays{k}));
  lines{k} = sprintf('array\t%s\t%s\n', type, sizes(1:end - 1));
  arrays{k} = bytes;
end
results = pairfold.internal.request(command, [text, pairfold.internal.settings(), lines{:}], arrays);
varargout = results(1:max(1, nargout));

end


function X = checked_argument(X, kind, place)
if isfloat(X) && ndims(X) > 2
  return  % the cotangent of several vectors per point, or an error of Python
end
try
  X = pairfold.internal.checked(X, lower(kind(2)));
catch reason
  error(reason.identifier, 'Argument %d, a %s: %s', place, kind, reason.message);
end
end
