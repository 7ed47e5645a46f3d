"""What displays share to draw: axes, ticks, colours, lines of curves."""
