-- The count of Flanders is given, and outranks what the municipalities add up to.
SELECT gemeente AS area, gezinnen AS numerator, gezinnen AS contributors FROM wonen_woonwagens
