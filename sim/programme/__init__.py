"""The programme: agencies that ask to join, sign, train, become active, are paid and arrest; draw, flow and measure."""
