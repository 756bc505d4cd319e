"""Step five, quality: many answers become one label with a confidence, and everybody's work is measured, people and guidelines alike."""

from labelwright.quality.policy import CrossValidate, QualityPolicy

__all__ = ["CrossValidate", "QualityPolicy"]
