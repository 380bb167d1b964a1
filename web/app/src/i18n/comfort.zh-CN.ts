const comfort = {
  'rehearsal.open': '录一小段试试',
};

export default comfort;
