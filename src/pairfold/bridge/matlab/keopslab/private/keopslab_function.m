function F = keopslab_function(formula, aliases, options, gradients)
% KEOPSLAB_FUNCTION  The function handle of a formula, differentiated by GRADIENTS, positions of arguments.
%   What it was made from is in the workspace of the handle, as it was in KeOps, for keops_grad.

index = 'j';
if isfield(options, 'tagIJ') && options.tagIJ
  index = 'i';
end
text = [pairfold.internal.formula_lines(formula, aliases, index), sprintf('number\tkept\norder\tC\n')];
if ~isempty(gradients)
  text = [text, sprintf('gradient\t%d\n', gradients{:})];
end
text = [text, accuracy(options)];
[~, facts] = pairfold.internal.request('declare', [text, pairfold.internal.settings()]);
F = @(varargin) evaluated(text, facts, options, varargin, formula, aliases, gradients);

end


function text = accuracy(options)
text = '';
if isfield(options, 'sum_scheme') && ~ischar(options.sum_scheme)
  schemes = {'direct_sum', 'block_sum', 'kahan_scheme'};
  options.sum_scheme = schemes{options.sum_scheme + 1};
end
if isfield(options, 'sum_scheme')
  text = [text, sprintf('option\tsum_scheme\t''%s\n', options.sum_scheme)];
end
if isfield(options, 'use_double_acc') && options.use_double_acc
  text = [text, sprintf('option\tdtype_acc\t''float64\n')];
end
if isfield(options, 'tagCpuGpu') && options.tagCpuGpu
  text = [text, sprintf('option\tbackend\t''GPU\n')];
  if isfield(options, 'device_id')
    text = [text, sprintf('option\tdevice_id\t%d\n', options.device_id)];
  end
end
end


function out = evaluated(text, facts, options, arrays, varargin)
declared = facts(cellfun(@(fact) strcmp(fact{1}, 'argument'), facts));
count = numel(declared);
if isempty(arrays)
  out = count;
  return
end
if numel(arrays) ~= count
  error('pairfold:ArgumentValueError', 'This function takes %d arrays; found %d.', count, numel(arrays));
end
is_single = cellfun(@(one) isa(one, 'single') && numel(one) > 1, arrays);
lines = cell(1, count);
for k = 1:count
  X = checked_columns(arrays{k}, declared{k}, k);
  if any(is_single)
    X = single(X);
  end
  sizes = size(X);
  if strcmp(declared{k}{3}, 'Pm')
    sizes = numel(X);
  end
  [type, arrays{k}] = pairfold.internal.encoded(X);
  sizes = sprintf('%d,', fliplr(sizes));
  lines{k} = sprintf('array\t%s\t%s\n', type, sizes(1:end - 1));
end
[results, ~, shapes] = pairfold.internal.request('genred', [text, pairfold.internal.settings(), lines{:}], arrays, 'C');
out = stacked(results, shapes, str2double(facts{end}{2}));
if isfield(options, 'sumoutput') && options.sumoutput
  out = sum(out, 2);
end
end


function X = checked_columns(X, declared, place)
rows = str2double(declared{4});
if strcmp(declared{3}, 'Pm')
  kind = 'p';
  is_right = isvector(X) && numel(X) == rows;
  wanted = sprintf('a vector of length %d', rows);
else
  kind = 'i';
  is_right = size(X, 1) == rows;
  wanted = sprintf('a %d x N matrix, one point per column', rows);
end
if isnumeric(X) && ~isempty(X) && ~is_right
  name = declared{2};
  if isempty(name)
    name = 'the cotangent, shaped like the result';
  end
  error('pairfold:DimensionError', 'Argument %d (%s) is %s; found an array of the size %s.', place, name, wanted, ...
        strrep(strtrim(sprintf('%d ', size(X))), ' ', ' x '));
end
if isempty(X) && isnumeric(X) && is_right
  X = zeros(rows, 0);
else
  X = pairfold.internal.checked(X, kind);
end
end


function out = stacked(results, shapes, dim)
% The entries of one point below each other; of several results of the same length those of each neighbour together.
points = shapes{1}(1);
if numel(shapes{1}) == 1
  points = 1;  % the gradient for a parameter
end
rows = cellfun(@(shape) prod(shape(2:end)), shapes);
if points == 0
  out = zeros(sum(rows), 0);
elseif numel(results) > 1 && all(rows == rows(1))
  results = cellfun(@(one) reshape(one, dim, [], points), results, 'UniformOutput', false);
  out = reshape(double(cat(1, results{:})), [], points);
else
  results = cellfun(@(one) reshape(double(one), [], points), results, 'UniformOutput', false);
  out = cat(1, results{:});
end
end
