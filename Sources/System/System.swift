// placeholder System
