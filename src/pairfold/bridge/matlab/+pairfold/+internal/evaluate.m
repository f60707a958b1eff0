function varargout = evaluate(F, method, args, dim, settings)
% EVALUATE  The arrays of a last step on F: its arguments are LazyTensors, plain arrays, text and cells, then
%   dim as a keyword, then SETTINGS, names and values, of which those that are [] are left out.

if nargin < 4
  dim = [];
end
if nargin < 5
  settings = {};
end
if ~isempty(dim)
  settings = [{'axis', pairfold.internal.axis(dim)}, settings];
end
values = [args, settings(2:2:end)];
names = [cell(1, numel(args)), settings(1:2:end)];
state = F.State;
fields = sprintf('\t#%d', state.id);
for k = 1:numel(values)
  value = values{k};
  if isa(value, 'pairfold.LazyTensor')
    one = value.State;
  elseif is_plain(method, k, numel(args), value)
    one = pairfold.internal.leaf(value, 'v');
  elseif isnumeric(value) && isempty(value)
    continue
  else
    one = [];
    field = pairfold.internal.arguments({value});
    field = field(2:end);
  end
  if ~isempty(one)
    state = pairfold.internal.merged(state, one);
    field = sprintf('#%d', one.id);
  end
  if ~isempty(names{k})
    field = [names{k} '=' field];  %#ok<AGROW>
  end
  fields = [fields, sprintf('\t'), field];  %#ok<AGROW>
end
step = sprintf('step\t%d\t%s', pairfold.internal.next_id(), method);
text = [[state.lines{:}], step, fields, sprintf('\nindex_base\t1\n'), pairfold.internal.settings()];
[results, facts] = pairfold.internal.request('evaluate', text, state.data(strncmp(state.lines, 'a', 1)));
if isempty(results)
  results = {facts{1}{2}};
end
varargout = results(1:max(1, nargout));

end


function is_it = is_plain(method, place, count, value)
% Arrays among the arguments of these methods are data, numbers among those of others parameters.
is_it = place <= count && ~ischar(value) && ~iscell(value) && ...
        (any(strcmp(method, {'matvec', 'solve'})) || (strcmp(method, 'pullback') && place == count));
end
