"""The Lua scripts as typed functions: one function per script, by responsibility; `runner` sends them to Redis."""
