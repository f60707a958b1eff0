function id = next_id()
% NEXT_ID  A number that no other step of this session has, nor one of a value that was saved before.

persistent last
if isempty(last)
  last = round((now() - 730000) * 86400 * 1e3);
end
last = last + 1;
id = last;

end
