function text = formula_lines(formula, aliases, index)
% FORMULA_LINES  The lines of a request for a formula, its aliases (text or a cell array) and the index that is reduced.

if ~iscell(aliases)
  aliases = {aliases};
end
if ~ischar(formula) || ~all(cellfun(@ischar, aliases))
  error('pairfold:ArgumentTypeError', '%s', ['A formula is text, ''Exp(-SqDist(x, y)) * b'', and its aliases are a ' ...
                                             'cell array of texts, {''x = Vi(3)'', ''y = Vj(3)'', ''b = Vj(1)''}.']);
end
number = pairfold.internal.axis(index);
if number < 0
  error('pairfold:ArgumentValueError', '%s', 'A formula is reduced over ''i'' (or 1) or over ''j'' (or 2).');
end
aliases = cellfun(@pairfold.internal.quoted, aliases, 'UniformOutput', false);
text = [sprintf('formula\t%s\n', pairfold.internal.quoted(formula)), sprintf('alias\t%s\n', aliases{:}), ...
        sprintf('axis\t%d\n', number)];

end
