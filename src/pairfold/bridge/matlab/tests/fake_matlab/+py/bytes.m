classdef bytes
% BYTES  Stands in for a handle of Python's bytes: no operation of arrays works on it.

  properties (Access = private)
    Content
  end

  methods
    function x = bytes(content)
      if isa(content, 'py.bytearray')
        content = content.content();
      end
      assert(isa(content, 'uint8') && (isempty(content) || isrow(content)));
      x.Content = content;
    end

    function content = content(x)
      % CONTENT  For the stand-ins only.
      content = x.Content;
    end

    function r = uint8(x)
      r = x.Content;
    end
  end
end
