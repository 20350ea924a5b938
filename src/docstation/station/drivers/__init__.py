"""What starts and stops a model server: a container engine, a process, a server of somebody else, the embedded engine.

All answer to `docstation.station.driver.Driver`; only the composition root chooses one.
"""
