function value = keopslab_choice(table, name, what)
% KEOPSLAB_CHOICE  The field of a struct that NAME names; an error lists all.

if ~ischar(name) || ~isfield(table, lower(name))
  if ~ischar(name)
    name = class(name);
  end
  error('pairfold:ArgumentValueError', '%s is %s; allowed are %s.', what, name, strjoin(fieldnames(table).', ', '));
end
value = table.(lower(name));

end
