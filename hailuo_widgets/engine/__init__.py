"""Engine: takes runs from plan to clip, pays once, and recovers after a crash."""
