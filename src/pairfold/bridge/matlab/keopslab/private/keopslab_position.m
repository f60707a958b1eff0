function position = keopslab_position(aliases, var)
% KEOPSLAB_POSITION  The position, from 0, of the argument that VAR names or declares.

position = -1;
names = cell(1, numel(aliases));
for k = 1:numel(aliases)
  parts = regexp(strrep(aliases{k}, ' ', ''), '^(\w+)=(\w+)\((?:(\d+),)?(\d+)\)$', 'tokens', 'once');
  if isempty(parts)
    continue
  end
  names{k} = parts{1};
  place = str2double(['0' parts{3:end - 1}]);
  if numel(parts) < 4 || isempty(parts{3})
    place = k - 1;
  end
  declaration = sprintf('%s(%d,%s)', parts{2}, place, parts{end});
  if strcmp(var, parts{1}) || strcmp(strrep(var, ' ', ''), declaration)
    position = place;
  end
end
if position < 0
  error('pairfold:UnknownNameError', 'There is no argument %s to differentiate by; there are %s.', var, ...
        strjoin(names(~cellfun(@isempty, names)), ', '));
end

end
