function show_progress(head)
% SHOW_PROGRESS  Prints how far a computation is, on one line.

fields = strsplit(head, sprintf('\t'));
fprintf('\rpairfold: %3.0f %%', 100 * str2double(fields{3}) / str2double(fields{4}));

end
