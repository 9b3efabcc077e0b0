"""What people write down about a subject: spirometry, scores, survival, emphysema boxes."""
