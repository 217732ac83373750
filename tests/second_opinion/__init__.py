"""The roadside and the jail of one scenario once more, in another simulation library and with its own random numbers."""
