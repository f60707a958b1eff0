function text = arguments(values, names)
% ARGUMENTS  Static arguments as fields of a step: integers, numbers, text, cells as lists; [] is left out.
%   With NAMES each is a keyword.

text = '';
for k = 1:numel(values)
  if isnumeric(values{k}) && isempty(values{k})
    continue
  end
  field = one_argument(values{k});
  if nargin > 1
    field = [names{k} '=' field];  %#ok<AGROW>
  end
  text = [text, sprintf('\t'), field];  %#ok<AGROW>
end

end


function text = one_argument(value)
if ischar(value)
  text = ['''' pairfold.internal.quoted(value)];
elseif iscell(value)
  parts = cellfun(@one_argument, value, 'UniformOutput', false);
  text = ['[' strjoin(parts, ',') ']'];
elseif islogical(value) && isscalar(value)
  words = {'false', 'true'};
  text = words{value + 1};
elseif isnumeric(value) && isscalar(value)
  text = lower(sprintf('%.17g', double(value)));
else
  error('pairfold:ArgumentTypeError', 'A parameter is a number; found %s of the size %s.', class(value), ...
        strrep(strtrim(sprintf('%d ', size(value))), ' ', ' x '));
end
end
