"""What the comparisons of trainings share."""
