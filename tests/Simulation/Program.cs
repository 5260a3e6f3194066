using Avocet.Simulation;

return SimulationProgram.Run(args);
