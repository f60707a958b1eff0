function number = axis(dim)
% AXIS  The axis of Python that dim means: 1 or 'i' is 0, 2 or 'j' is 1, 3 is -1.

if isequal(dim, 1) || isequal(dim, 'i')
  number = 0;
elseif isequal(dim, 2) || isequal(dim, 'j')
  number = 1;
elseif isequal(dim, 3)
  number = -1;
else
  if isnumeric(dim)
    dim = num2str(dim(:).');
  elseif ~ischar(dim)
    dim = class(dim);
  end
  error('pairfold:ArgumentValueError', ['dim is 1 or ''i'' (over i), 2 or ''j'' (over j), or 3 (over the components); ' ...
                                        'found %s.'], dim);
end

end
