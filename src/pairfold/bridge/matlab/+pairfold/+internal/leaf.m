function state = leaf(X, kind)
% LEAF  The state of a LazyTensor that holds an array: kind 'i', 'j', 'p', or 'v' for an array that stays plain.

X = pairfold.internal.checked(X, kind);
switch kind
  case 'i'
    shape = [size(X, 1), 1, size(X, 2)];
  case 'j'
    shape = [1, size(X, 1), size(X, 2)];
  otherwise
    shape = [1, 1, numel(X)];
end
state.id = pairfold.internal.next_id();
state.ids = state.id;
[type, bytes] = pairfold.internal.encoded(X);
sizes = sprintf('%d,', size(X));
state.lines = {sprintf('array\t%d\t%s\t%s\t%s\n', state.id, kind, type, sizes(1:end - 1))};
state.data = {bytes};
state.shape = shape;
state.is_complex = ~isreal(X);
state.class = '';
if numel(X) > 1 || ~any(kind == 'pv')
  state.class = class(X);
end

end
