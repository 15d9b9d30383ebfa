socket.on('status-update', (statusData) => {
  if (statusData.status === 'error') {
    console.error('Error:', statusData.error);
    // Handle error (show user, retry, etc.)
  }
});
