"""Evaluation: distances, classifiers on features, memorisation.

`metrics` are functions of arrays and import nothing else from the project.
"""

# In a run's or an export's folder.
EVALUATION_DIR = "evaluation"
