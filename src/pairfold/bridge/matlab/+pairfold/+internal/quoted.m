function text = quoted(text)
% QUOTED  Text as a field of a request.

text = strrep(strrep(strrep(text, '\', '\\'), sprintf('\t'), '\t'), sprintf('\n'), '\n');

end
