"""Labels of images: from a table or a program, matched to them, numbered."""
