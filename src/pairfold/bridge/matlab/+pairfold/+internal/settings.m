function [text, values] = settings(values)
% SETTINGS  The options of all computations, as lines of a request, and as a struct; settings(values) sets them.

persistent lines chosen
if isempty(chosen) || nargin
  if nargin
    chosen = values;
  else
    chosen = struct('threads', [], 'backend', [], 'device_id', [], 'progress', [], 'sum_scheme', [], 'dtype_acc', []);
  end
  lines = '';
  for name = fieldnames(chosen).'
    if ~isempty(chosen.(name{1}))
      lines = [lines, sprintf('option\t%s', name{1}), pairfold.internal.arguments({chosen.(name{1})}), ...
               sprintf('\n')];  %#ok<AGROW>
    end
  end
end
text = lines;
values = chosen;

end
