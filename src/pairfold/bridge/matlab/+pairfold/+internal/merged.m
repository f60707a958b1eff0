function one = merged(one, other)
% MERGED  The steps of two states, each once, in an order in which they can be replayed, and in one precision: single
%   as soon as one is.

if ~strcmp(one.class, other.class)
  if strcmp(one.class, 'single')
    other = pairfold.internal.in_single(other);
  elseif strcmp(other.class, 'single')
    one = pairfold.internal.in_single(one);
  elseif isempty(one.class)
    one.class = other.class;
  end
end
new = ~any(bsxfun(@eq, one.ids.', other.ids), 1);
one.ids = [one.ids, other.ids(new)];
one.lines = [one.lines, other.lines(new)];
one.data = [one.data, other.data(new)];

end
