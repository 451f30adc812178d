package candidate

// What tests outside the package need of those inside.

// PlantedCards is the catalogue of PlantedGenerators.
const PlantedCards = 200

// PlantedGenerators are all generators of a log, fitted on a small planted one.
var PlantedGenerators = generators

// PlantedLog is that log.
var PlantedLog = plantedLog
