function state = in_single(state)
% IN_SINGLE  A state whose arrays are single.

if isempty(state)
  return
end
for k = 1:numel(state.data)
  if isa(state.data{k}, 'double') && strncmp(state.lines{k}, 'array', 5)
    state.data{k} = single(state.data{k});
    state.lines{k} = strrep(strrep(state.lines{k}, 'float64', 'float32'), 'complex128', 'complex64');
  end
end
state.class = 'single';

end
