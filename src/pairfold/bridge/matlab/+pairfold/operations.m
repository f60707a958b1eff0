function names = operations(kind)
% OPERATIONS  names = pairfold.operations(kind) lists what there is, by name; without an output it explains each.
%   KIND is 'operations' (the default), the functions of LazyTensors such as sqdist(x, y); 'further_operations', which
%   have the names of formulas; 'reductions', the names for pairfold.genred and reduction(K, name, dim); 'calculus',
%   derivatives; or a name, which is explained. NAMES is an M x 1 cell array.
%
%   Example
%     pairfold.operations('reductions')
%     pairfold.operations('sqdist')
%
%   See also pairfold.LazyTensor, pairfold.genred

if nargin < 1
  kind = 'operations';
end
table = pairfold.internal.registry();
kinds = fieldnames(table.fields).';
if any(strcmp(kind, kinds))
  rows = table.(kind);
  rows = rows(:, [1, end]);
else
  rows = cell(0, 2);
  for one = kinds
    rows = [rows; table.(one{1})(strcmp(kind, table.(one{1})(:, 1)), [1, end])];  %#ok<AGROW>
  end
  if isempty(rows)
    error('pairfold:UnknownNameError', 'There is no operation or reduction %s; pairfold.operations() lists all.', kind);
  end
end
if nargout
  names = rows(:, 1);
else
  rows = rows.';
  fprintf('%-24s %s\n', rows{:});
end

end
