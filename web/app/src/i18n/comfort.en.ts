const comfort = {
  'rehearsal.open': 'Record a short test',
};

export default comfort;
