"""The engine: runs ordinary threading code under schedules that it controls."""
