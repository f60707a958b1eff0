function values = options(varargin)
% OPTIONS  values = pairfold.options(name, value, ...) sets options of all computations.
%   VALUES is a struct of all of them, which pairfold.options() returns;
%   pairfold.options('reset') sets all back. [] is the default of pairfold. Names:
%     'threads'     number of threads
%     'backend'     'auto', 'CPU' or 'GPU'
%     'device_id'   number of the GPU
%     'progress'    true shows how far long computations are
%     'sum_scheme'  'auto', 'direct_sum', 'block_sum' or 'kahan_scheme'
%     'dtype_acc'   precision of sums: 'auto', 'float32' or 'float64'
%
%   Example
%     pairfold.options('threads', 1, 'progress', true);
%     pairfold.options('reset');
%
%   See also pairfold.config

[~, values] = pairfold.internal.settings();
if nargin == 1 && strcmp(varargin{1}, 'reset')
  values = cell2struct(cell(numel(fieldnames(values)), 1), fieldnames(values), 1);
elseif nargin > 0
  given = pairfold.internal.named(varargin, fieldnames(values).');
  for name = varargin(1:2:end)
    values.(name{1}) = given.(name{1});
  end
else
  return
end
pairfold.internal.settings(values);

end
