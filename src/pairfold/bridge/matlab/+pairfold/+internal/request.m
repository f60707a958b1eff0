function [results, facts, shapes] = request(command, text, arrays, order)
% REQUEST  Sends a request of pairfold.bridge, and reads the answer.
%   [results, facts, shapes] = request(command, text, arrays, order): TEXT are the lines after the first one, each with a line
%   feed at its end, and ARRAYS the real arrays whose bytes are the data. RESULTS are arrays; with ORDER 'C' their
%   axes are in the opposite order; SHAPES are those of Python. FACTS are the other lines, each a cell array of fields. Errors of Python become
%   errors with the identifier pairfold:<class>.

if nargin < 3
  arrays = {};
end
head = sprintf('%s\t%s\n%s', command, pairfold.internal.version(), text);
[head, data] = pairfold.internal.transport(head, arrays);
lines = regexp(head, '\n', 'split');  % faster than strsplit
first = regexp(lines{1}, '\t', 'split');
if strcmp(first{1}, 'error')
  class_name = strtok(first{2}, ',');
  error(['pairfold:' class_name], '%s', unquoted(first{3}));
end
results = {};
shapes = {};
facts = {};
start = 0;
for k = 2:numel(lines)
  fields = regexp(lines{k}, '\t', 'split');
  switch fields{1}
    case 'result'
      shapes{end + 1} = sscanf(fields{4}, '%d,').';  %#ok<AGROW>
      sizes = [shapes{end}, ones(1, 2 - numel(shapes{end}))];
      if nargin > 3 && order == 'C'
        sizes = [fliplr(shapes{end}), ones(1, 2 - numel(shapes{end}))];
      end
      [results{end + 1}, start] = decoded(fields{3}, sizes, data, start);  %#ok<AGROW>
    case 'warning'
      warning(['pairfold:' fields{2}], '%s', unquoted(fields{3}));
    otherwise
      facts{end + 1} = cellfun(@unquoted, fields, 'UniformOutput', false);  %#ok<AGROW>
  end
end

end


function [array, stop] = decoded(type, sizes, data, start)
persistent classes
if isempty(classes)
  classes = struct('float64', {{'double', 8, false}}, 'float32', {{'single', 4, false}}, ...
                   'complex128', {{'double', 16, true}}, 'complex64', {{'single', 8, true}});
end
described = classes.(type);
stop = start + prod(sizes) * described{2};
array = typecast(data(start + 1:stop), described{1});
if described{3}
  array = complex(array(1:2:end), array(2:2:end));
end
array = reshape(array, sizes);
end


function text = unquoted(text)
if any(text == '\')
  hidden = char(1);
  text = strrep(strrep(strrep(text, '\\', hidden), '\t', sprintf('\t')), '\n', sprintf('\n'));
  text = strrep(text, hidden, '\');
end
end
