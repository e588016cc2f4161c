"""Views into trained networks, one a file."""

# In a run's folder.
ANALYSIS_DIR = "analysis"
