classdef str
% STR  Stands in for a handle of Python's str: no operation of arrays works on it.

  properties (Access = private)
    Content
  end

  methods
    function x = str(content)
      if isa(content, 'py.bytearray')
        content = content.content();
      end
      assert(ischar(content));
      x.Content = content;
    end

    function content = content(x)
      % CONTENT  For the stand-ins only.
      content = x.Content;
    end

    function r = char(x)
      r = x.Content;
    end
  end
end
