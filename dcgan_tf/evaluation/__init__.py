"""Evaluation: distances, classifiers on features, memorisation.

Measures are functions of arrays and import nothing from the project.
"""

# In a run's or an export's folder.
EVALUATION_DIR = "evaluation"
