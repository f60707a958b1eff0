"""An interpreter for PTX, in parts: text, numbers, memory, instructions and the control of threads."""
