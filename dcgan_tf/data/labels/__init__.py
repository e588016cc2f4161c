"""Labels of images from a table: read, matched to images, numbered."""
