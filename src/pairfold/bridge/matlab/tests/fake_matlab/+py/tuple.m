classdef tuple
% TUPLE  Stands in for a handle of Python's tuple: t{k} is entry k, from 1.

  properties (Access = private)
    Content
  end

  methods
    function x = tuple(content)
      assert(iscell(content));
      x.Content = content;
    end

    function r = subsref(x, s)
      assert(numel(s) == 1 && strcmp(s.type, '{}'));
      r = x.Content{s.subs{1}};
    end
  end
end
