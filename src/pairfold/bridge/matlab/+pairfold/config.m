function facts = config()
% CONFIG  facts = pairfold.config() is a struct of versions: pairfold, python, executable, numpy, threads.
%   It starts Python where that has not been done, and so tells whether all is well.
%
%   Example
%     pairfold.config()
%
%   See also pairfold.options

[~, lines] = pairfold.internal.request('hello', '');
facts = struct('package', pairfold.internal.version());
for k = 1:numel(lines)
  facts.(lines{k}{1}) = lines{k}{2};
end
facts.threads = str2double(facts.threads);

end
