"""Who lives in an area, how ill they are, and how both change."""
