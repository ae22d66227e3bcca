"""What carries a run from plan to clip: which loop it lives on, who may send, when to ask, the steps, and recovery."""
