"""The stand-in itself: Python's standard library only, run inside a machine by `/app/dist/index.js`."""
