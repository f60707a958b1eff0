function given = named(pairs, names)
% NAMED  Arguments by name: a struct with a field for each of NAMES, [] where it is not given.

given = cell2struct(cell(1, numel(names)), names, 2);
if mod(numel(pairs), 2)
  error('pairfold:ArgumentTypeError', 'Further arguments come in pairs, a name and a value; the names are %s.', ...
        strjoin(names, ', '));
end
for k = 1:2:numel(pairs)
  if ~ischar(pairs{k}) || ~any(strcmp(pairs{k}, names))
    name = pairs{k};
    if ~ischar(name)
      name = class(name);
    end
    error('pairfold:ArgumentTypeError', 'There is no argument %s; the names are %s.', name, strjoin(names, ', '));
  end
  given.(pairs{k}) = pairs{k + 1};
end

end
