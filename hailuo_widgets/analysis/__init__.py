"""What votes amount to: rates, strengths, the claim that one is best, the pair that tells most, sides and raters."""
